-- name: columns
id, account_id, name, scope, digest, created_at, senders, networks, expires_at, revoked_at, last_used_at, old_digest,
  old_until, rate, daily_quota, monthly_quota

-- name: keys
select {columns} from api_key order by id;

-- name: key
select {columns} from api_key where account_id = ?1 and id = ?2;

-- name: account_of_key
select account_id from api_key where id = ?1;

-- name: page_of_keys
select {columns} from api_key where account_id = ?1 and id < ?2 order by id desc limit ?3;

-- name: insert_key
insert into api_key (id, account_id, name, scope, digest, created_at, senders, networks, expires_at, revoked_at,
  last_used_at, old_digest, old_until, rate, daily_quota, monthly_quota)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16);

-- name: change_key
update api_key set name = ?2, digest = ?3, senders = ?4, networks = ?5, expires_at = ?6, revoked_at = ?7,
  old_digest = ?8, old_until = ?9, rate = ?10, daily_quota = ?11, monthly_quota = ?12
where id = ?1;

-- name: touch_key
update api_key set last_used_at = ?2 where id = ?1;

-- name: whole
id, name, created_at, closed_at, rate, daily_quota, monthly_quota, default_region, smart_encoding,
  sender_smart_encoding

-- name: accounts
select {whole} from account order by id;

-- name: account
select {whole} from account where id = ?1;

-- name: page_of_accounts
select {whole} from account where id < ?1 order by id desc limit ?2;

-- name: insert_account
insert into account (id, name, created_at, closed_at, rate, daily_quota, monthly_quota, default_region, smart_encoding,
  sender_smart_encoding)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);

-- name: change_account
update account set name = ?2, closed_at = ?3, rate = ?4, daily_quota = ?5, monthly_quota = ?6, default_region = ?7,
  smart_encoding = ?8, sender_smart_encoding = ?9
where id = ?1;

-- name: senders
select account_id, address from sender where account_id in rows_int(?1) and address <> '*'
order by account_id, is_default desc, address;

-- name: disown_senders
delete from sender where account_id = ?1 and address <> '*' and not (address in rows_text(?2)) returning address;

-- name: own_sender
insert into sender (account_id, address, brand_id, is_default) values (?1, ?2, 1, ?3)
on conflict (account_id, address) do update set is_default = excluded.is_default;

-- name: usage
select owner, period, messages from usage where owner in rows_int(?1) and period in rows_text(?2);

-- name: count_usage
insert into usage (owner, period, messages) values (?1, ?2, ?3)
on conflict (owner, period) do update set messages = usage.messages + excluded.messages;

-- name: forget_usage
delete from usage where period < ?1 returning owner;

-- name: rates_used
select owner, full_at from rate_use where owner in rows_int(?1);

-- name: use_rates
insert into rate_use (owner, account_id, full_at) values (?1, ?2, ?3)
on conflict (owner) do update set full_at = excluded.full_at;

-- name: forget_rates
delete from rate_use where full_at < ?1 returning owner;

-- name: owner_of
select account_id from sender where address = ?1 order by account_id limit 1;

-- name: claim_sender
insert into sender (account_id, address, brand_id, is_default) values (?1, ?2, 1, 1) on conflict do nothing;

-- name: last_id
select max(id) from (
  select max(id) as id from message union all select max(id) from attempt union all select max(id) from receipt
  union all select max(id) from contact union all select max(id) from conversation
  union all select max(id) from conversation_note union all select max(id) from canned_reply
  union all select max(id) from inbound union all select max(id) from api_key
  union all select max(id) from webhook union all select max(id) from code union all select max(id) from code_call
  union all select max(id) from capture_piece union all select max(id) from esme_session
  union all select max(id) from person union all select max(id) from person_session
  union all select max(id) from audit_entry
  union all select max(id) from esme union all select max(id) from account where id > 1) as highest;
