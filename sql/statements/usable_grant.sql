SELECT grant_role, grant_access FROM inventory_core._usable_grant($1)
