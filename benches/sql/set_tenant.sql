SELECT inventory_core.set_tenant($1)
