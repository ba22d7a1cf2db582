SELECT count(inventory_core.redact(m.message)) FROM bench.messages AS m
