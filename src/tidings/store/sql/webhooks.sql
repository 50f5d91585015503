-- name: cursor
select position, version from webhook_cursor where id = 1;

-- name: advance
update webhook_cursor set position = ?2, last_delivery = ?3 where id = ?1;

-- name: bump
update webhook_cursor set version = version + 1 where id = 1;

-- name: skip
update webhook_cursor set position = (select coalesce(max(rowid), 0) from message_event where rowid <= ?1)
where id = 1 and not exists (select 1 from webhook where enabled = 1) and not exists (select 1 from message_callback);

-- name: columns
id, account_id, url, json(events), json(case ordered when 1 then 'true' else 'false' end), batch,
  json(case enabled when 1 then 'true' else 'false' end), disabled_reason,
  description, created_at, since, replies

-- name: enabled
select rows_of({columns}) from webhook where enabled = 1;

-- name: of_account
select rows_of({columns}) from (select * from webhook where account_id = ?1 and id < ?2 order by id desc limit ?3) as w;

-- name: one
select rows_of({columns}) from webhook where account_id = ?1 and id = ?2;

-- name: count
select count(*) from webhook where account_id = ?1;

-- name: insert
insert into webhook (id, account_id, url, events, ordered, batch, enabled, disabled_reason, description, created_at,
  since, replies)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12);

-- name: change
update webhook set url = ?2, events = ?3, ordered = ?4, batch = ?5, enabled = ?6, disabled_reason = ?7,
  description = ?8, since = ?9, replies = ?10
where id = ?1;

-- name: delete
delete from webhook where account_id = ?1 and id = ?2 returning id;

-- name: secrets
select account_id, webhook_id, octets, created_at, ends_at from webhook_secret
where webhook_id = ?2 and account_id = ?1 order by created_at desc, rowid desc;

-- name: insert_secret
insert into webhook_secret (account_id, webhook_id, octets, created_at, ends_at) values (?1, ?2, ?3, ?4, ?5);

-- name: delete_secrets
delete from webhook_secret where webhook_id = ?2 and account_id = ?1;

-- name: has_callbacks
select exists (select 1 from message_callback), exists (select 1 from message_callback where events <> '[]');

-- name: insert_callback
insert into message_callback (message_id, account_id, url, events) values (?1, ?2, ?3, ?4);

-- name: callbacks
select rows_of(message_id, account_id, url, json(events)) from message_callback where message_id in rows_int(?1);

-- name: past_callbacks
select rows_of(message_id, json(case when coalesce(message.finished_at, 0) <= ?3 and (message.finished_at is not null
    or message.id is null) then 'true' else 'false' end)) from
  (select message_id from message_callback where message_id > ?1 order by message_id limit ?2) as c
  left join message on message.id = c.message_id;

-- name: forget_callbacks
delete from message_callback where message_id in rows_int(?1);

-- name: last_delivery
select last_delivery from webhook_cursor where id = 1;

-- name: whole
id, account_id, webhook_id, endpoint, url, message_id, sequence, type, occurred_at, status, attempts, created_at,
  began_at, next_at, finished_at, reply_id

-- name: insert_delivery
insert into webhook_delivery (id, account_id, webhook_id, endpoint, url, message_id, sequence, type, occurred_at, status,
  attempts, created_at, began_at, next_at, finished_at, reply_id)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16);

-- name: settle_delivery
update webhook_delivery set status = ?2, attempts = ?3, next_at = ?4, finished_at = ?5, reply_id = ?6 where id = ?1;

-- name: note_delivery
update webhook_delivery set attempts = ?2, reply_id = ?3 where id = ?1;

-- name: deliveries
select rows_of({whole}) from webhook_delivery where id in rows_int(?1);

-- name: still_waiting
select id from webhook_waiting where id in rows_int(?1);

-- name: waiting
select rows_of({whole}) from
  (select * from webhook_waiting where endpoint = ?1 and next_at is not null order by next_at, id limit ?2) as d;

-- name: waiting_in_order
select rows_of({whole}) from
  (select * from webhook_waiting as mine where endpoint = ?1 and next_at is not null and not exists
    (select 1 from webhook_waiting as older where older.message_id = mine.message_id
       and older.endpoint = mine.endpoint and older.sequence < mine.sequence and older.next_at is not null)
   order by next_at, id limit ?2) as d;

-- name: endpoints
with recursive found (endpoint) as (
  select min(endpoint) from webhook_waiting where next_at is not null
  union all
  select (select min(endpoint) from webhook_waiting where next_at is not null and endpoint > found.endpoint) from found
  where found.endpoint is not null
)
select d.endpoint, d.webhook_id, d.account_id, d.next_at
from (select endpoint from found where endpoint is not null limit ?1) as e
join webhook_waiting as d on d.id =
  (select id from webhook_waiting where endpoint = e.endpoint and next_at is not null order by next_at, id limit 1);

-- name: scan
select * from webhook_delivery where {where} order by id desc limit {most}

-- name: chosen
select rows_of({whole}) from (select * from ({scan}) as scanned where {where} order by id desc limit {most}) as d

-- name: floor
select min(id), count(*) from ({scan}) as scanned

-- name: of_message
select rows_of({whole}) from
  (select * from webhook_delivery where message_id = ?1 order by id desc limit ?2) as d;

-- name: replayable
select rows_of(id, json(case when status in ('delivered', 'dead') and created_at >= ?4 and created_at <= ?5
    and (webhook_id is null or exists (select 1 from webhook where webhook.id = d.webhook_id))
    and (webhook_id = ?6 or ?6 is null) and (type = ?7 or ?7 is null) and (status = ?8 or ?8 is null)
  then 'true' else 'false' end)) from
  (select * from webhook_delivery where account_id = ?1 and id > ?2 order by id limit ?3) as d;

-- name: replay
update webhook_delivery set status = 'waiting', began_at = ?2, next_at = ?3, finished_at = null where id = ?1;

-- name: bury
update webhook_delivery set status = 'dead', next_at = null, finished_at = ?4 where coalesce(finished_at, 4611686018427387904) = 4611686018427387904 and id in
  (select id from webhook_waiting where endpoint = ?1 and next_at <= ?2 order by next_at limit ?3)
returning id;

-- name: withdraw
update webhook_delivery set status = 'canceled', next_at = null, finished_at = ?3 where coalesce(finished_at, 4611686018427387904) = 4611686018427387904 and id in
  (select id from webhook_waiting where endpoint = ?1 and next_at is not null order by next_at limit ?2)
returning id;

-- name: insert_try
insert into webhook_attempt (delivery_id, number, at, took_ms, outcome, status_code, digest, octets, answer, detail)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);

-- name: forget_tries
delete from webhook_attempt where delivery_id = ?1 and number <= ?2;

-- name: tries
select rows_of(delivery_id, number, at, took_ms, outcome, status_code, digest, octets, answer, detail)
from webhook_attempt where delivery_id = ?1;

-- name: last_tries
select rows_of(delivery_id, number, at, took_ms, outcome, status_code, digest, octets, answer, detail)
from webhook_attempt as t
where delivery_id in rows_int(?1) and number =
  (select max(number) from webhook_attempt as newer where newer.delivery_id = t.delivery_id);

-- name: aged
select rows_of(id, json(case when finished_at <= ?3 then 'true' else 'false' end)) from
  (select id, finished_at from webhook_delivery where id > ?1 order by id limit ?2) as d;

-- name: forget_deliveries
delete from webhook_delivery where id in rows_int(?1);

-- name: forget_their_tries
delete from webhook_attempt where delivery_id in rows_int(?1);

-- name: drop_day
select drop_day('webhook_delivery', ?1, 0), drop_day('webhook_attempt', ?2, 0);
