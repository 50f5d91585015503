-- name: keys
select id, account_id, name, scope, digest, created_at from api_key order by id;

-- name: insert_key
insert into api_key (id, account_id, name, scope, digest, created_at) values (?1, ?2, ?3, ?4, ?5, ?6);

-- name: owner_of
select account_id from sender where address = ?1 order by account_id limit 1;

-- name: claim_sender
insert into sender (account_id, address, brand_id, is_default) values (?1, ?2, 1, 1) on conflict do nothing;

-- name: take_lease
insert into lease (carrier, fence) values (?1, 1) on conflict (carrier) do update set fence = lease.fence + 1
returning fence;

-- name: fences
select carrier, fence from lease;

-- name: last_id
select max(id) from (
  select max(id) as id from message union all select max(id) from attempt union all select max(id) from receipt
  union all select max(id) from inbound union all select max(id) from api_key) as highest;
