SELECT u.grant_role, u.grant_access FROM inventory_core_internal._usable_grant($1) AS u
