-- What PostgreSQL is asked in other words. An index that speaks of the status would make every change of it write to all
-- indexes of a message; who waits for a receipt stands in a narrow table instead, and a change stays within its page.

-- name: insert
with inserted as (
  insert into message (id, account_id, direction, status, category, recipient, sender, text, encoding, segments,
    reference, created_at, expires_at, send_at, carrier, client_ref, tags, metadata, error, segments_delivered, sent_at,
    finished_at, event_count, prepared, in_reply_to)
  select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::text[],
    $16::text[], $17::text[], $18::text[], $19::text[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[],
    $24::text[], $25::bigint[])
  returning id, status, expires_at
)
insert into awaiting_receipt (message_id, expires_at) select id, expires_at from inserted where status = 'sent';

-- name: change
with changed as (
  update message set status = v.status, carrier = v.carrier, error = v.error, segments_delivered = v.segments_delivered,
    sent_at = v.sent_at, finished_at = v.finished_at, event_count = v.event_count
  from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
    as v (id, status, carrier, error, segments_delivered, sent_at, finished_at, event_count)
  where message.id = v.id
  returning message.id, message.status, message.expires_at
), sent as (
  insert into awaiting_receipt (message_id, expires_at) select id, expires_at from changed where status = 'sent'
  on conflict do nothing
)
delete from awaiting_receipt where message_id = any(array(select id from changed where status <> 'sent'));

-- Where most messages are to one number of ours, the planner takes every number for a common one, and would walk through the
-- messages by their ids; it is asked for what only the index by recipient has in order.

-- The bound of `answered` is written out: of one that it does not know the planner takes a tenth of all messages for likely.

-- name: sent_to
select id from
  (select id, sender, sent_at, category from message
   where (recipient, account_id, id) > ($2, $1, $4) and (recipient, account_id, id) < ($2, $1, 9223372036854775807)
   order by recipient desc, account_id desc, id desc) as m
where sender = $3 and sent_at is not null and category <> 'system' order by id desc limit $5;

-- name: answered
select p.account_id, p.handset, p.number, found.id
from (select (v::json->>0)::bigint as account_id, v::json->>1 as handset, v::json->>2 as number
      from unnest($1::text[]) as v) as p
left join lateral
  (select m.id from
    (select id, sender, category, sent_at from message
     where (recipient, account_id, id) > (p.handset, p.account_id, $2)
       and (recipient, account_id, id) < (p.handset, p.account_id, 9223372036854775807)
     order by recipient desc, account_id desc, id desc limit 100) as m
   where m.sender = p.number and m.sent_at is not null and m.category <> 'system' order by m.id desc limit 1) as found
on true;

-- name: awaiting_receipt
select message_id from awaiting_receipt where expires_at <= $1 order by expires_at limit $2;
