#!/usr/bin/env bash
# Makes the roles that cluster.yaml's services log in as, once; a second time it changes nothing.
set -euo pipefail

for name in CQL_ADMIN_PASSWORD CQL_PASSWORD; do
  if [[ ! ${!name} =~ ^[A-Za-z0-9]{16,}$ ]]; then
    echo "$name in deploy/compose/.env has to be 16 or more letters and digits: openssl rand -hex 24" >&2
    exit 2
  fi
done

node=scylla1
# Through it whoever shares the node's files is let in without a password.
socket=/var/lib/scylla/cql.m

as_admin() {
  cqlsh "$node" -u admin -p "$CQL_ADMIN_PASSWORD" -e "$1"
}

# A new cluster has no superuser, or one whose password everybody knows, depending on its version.
make_admin="CREATE ROLE IF NOT EXISTS admin WITH SUPERUSER = true AND LOGIN = true AND PASSWORD = '$CQL_ADMIN_PASSWORD';"
as_admin 'LIST ROLES;' >/dev/null 2>&1 ||
  cqlsh "$socket" -e "$make_admin" ||
  cqlsh "$node" -u cassandra -p cassandra -e "$make_admin"

# Who makes a keyspace may do everything in it, and that is all that bsky_rpg may.
as_admin "
  CREATE ROLE IF NOT EXISTS bsky_rpg WITH LOGIN = true AND PASSWORD = '$CQL_PASSWORD';
  GRANT CREATE ON ALL KEYSPACES TO bsky_rpg;
  DROP ROLE IF EXISTS cassandra;
"
echo 'the roles are there'
