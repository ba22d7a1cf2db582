"""Who was granted every tenant may list them by `_bind_every`, as maintain does, and can do nothing else with it."""

import os

import pytest
from psycopg import errors

import leaks
import scene
from scene import A, B, CANARY, bind, connect, grant, plain_roles, value

EVERY = f"isolation every {os.getpid()}"


@pytest.fixture
def every(prepared):
    """A session of a plain role that is a maintainer of every tenant."""
    with plain_roles(EVERY), scene.copy(prepared) as world:
        with world.admin() as owner:
            grant(owner, EVERY, "*", "maintainer")
        with connect(world.database, EVERY) as session:
            yield world, session


def test_it_shows_the_list_and_no_other_row(every):
    world, session = every
    with session.transaction():
        session.execute("SELECT inventory_core_internal._bind_every()")
        listed = session.execute("SELECT tenant_id FROM inventory_core_internal.tenants ORDER BY 1").fetchall()
        assert listed == [(A,), (B,), (CANARY,)]
        for name, relation, _ in leaks.relations(world):
            if name not in ("tenants", "tenant_limits", "tenant_moves"):
                assert value(session, f"SELECT count(*) FROM {relation}") == 0, name


def test_nothing_is_written_with_it(every):
    world, session = every
    for statement in ("INSERT INTO inventory_core_internal.tenants (tenant_id) VALUES ('*')",
                      "INSERT INTO inventory_core_internal.tenants (tenant_id) VALUES ('new')",
                      "INSERT INTO inventory_core_internal.cooldowns VALUES ('*', '*', now())",
                      "UPDATE inventory_core_internal.tenants SET next_item_id = 1",
                      "SELECT FROM inventory_core_internal.tenants FOR KEY SHARE",
                      "DELETE FROM inventory_core_internal.tenants"):
        with pytest.raises(errors.InsufficientPrivilege), session.transaction():
            session.execute("SELECT inventory_core_internal._bind_every()")
            session.execute(statement)
    with world.admin() as owner:
        assert value(owner, "SELECT count(*) FROM inventory_core_internal.tenants WHERE next_item_id > 1") == 3


def test_it_is_a_binding_like_any_other(every):
    _, session = every
    with pytest.raises(errors.InsufficientPrivilege), session.transaction():
        session.execute("SELECT inventory_core_internal._bind_every()")
        bind(session, A)
    with pytest.raises(errors.InsufficientPrivilege), session.transaction():
        bind(session, A)
        session.execute("SELECT inventory_core_internal._bind_every()")
    with pytest.raises(errors.ObjectNotInPrerequisiteState):
        session.execute("SELECT FROM inventory_core_internal.tenants")


def test_it_takes_the_grant_of_every_tenant(every):
    world, session = every
    with world.connect(A) as other, pytest.raises(errors.InsufficientPrivilege):
        other.execute("SELECT inventory_core_internal._bind_every()")
    with world.admin() as owner:
        owner.execute("SELECT inventory_core.revoke_access(quote_ident(%s)::regrole, '*')", (EVERY,))
    with pytest.raises(errors.InsufficientPrivilege):
        session.execute("SELECT inventory_core_internal._bind_every()")
