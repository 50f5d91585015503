-- name: open
select id from message where account_id = ?1 and recipient = ?2 and direction = 'mt' and finished_at is null and id > ?3
order by id limit ?4;

-- name: ended
select id from message where account_id = ?1 and recipient = ?2 and direction = 'mt' and finished_at is not null
order by id limit ?3;

-- name: received
select id from message where account_id = ?1 and sender = ?2 and direction = 'mo' order by id limit ?3;

-- name: lone
delete from inbound where id in (select id from inbound
  where sender = ?2 and parts > 1 and account_id = ?1 and message_id is null limit ?3) returning id;

-- name: orphans
select id, sender from receipt where attempt_id is null and id > ?1 and message_id is null order by id limit ?2;

-- name: blank_orphans
update receipt set sender = '', raw = ?2 where id in rows_int(?1) returning id;

-- name: messages
update message set recipient = case when direction = 'mt' then ?2 else recipient end,
  sender = case when direction = 'mo' then ?2 else sender end, text = null, prepared = null, metadata = null,
  client_ref = case when client_ref like ?3 then null else client_ref end,
  tags = case when tags like ?3 then null else tags end, error = case when error like ?3 then null else error end
where id in rows_int(?1);

-- name: events
update message_event set data = null where message_id in rows_int(?1) and data like ?2;

-- name: attempts
update attempt set detail = null where message_id in rows_int(?1) and detail like ?2;

-- name: receipts
update receipt set sender = '', raw = ?2 where message_id in rows_int(?1);

-- name: inbounds
update inbound set sender = ?2, octets = ?3, text = '', digest = '' where message_id in rows_int(?1);

-- name: submissions
update submission set destination_addr = '' where message_id in rows_int(?1);

-- name: callbacks
delete from message_callback where message_id in rows_int(?1);

-- name: calls_ended
update webhook_delivery set url = '' where message_id in rows_int(?1) and url like ?2 and finished_at is not null;

-- name: calls_waiting
delete from webhook_delivery where message_id in rows_int(?1) and url like ?2 and finished_at is null;

-- name: answers
update webhook_attempt set answer = '', detail = ''
where delivery_id in (select id from webhook_delivery where message_id in rows_int(?1));

-- name: calls
delete from code_call where message_id in rows_int(?1);

-- name: paces
delete from reply_pace where account_id = ?1 and number = ?2 returning number;

-- name: keep_suppressions
insert into suppression (account_id, brand_id, number, scope, reason, created_at)
select account_id, brand_id, ?3, scope, reason, created_at from suppression where account_id = ?1 and number = ?2
on conflict do nothing;

-- name: drop_suppressions
delete from suppression where account_id = ?1 and number = ?2 returning number;

-- name: consent
update consent_event set number = ?3 where account_id = ?1 and number = ?2 returning id;
