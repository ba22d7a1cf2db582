CREATE EXTENSION inventory_core;
