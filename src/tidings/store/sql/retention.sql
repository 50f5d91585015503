-- name: ended
select id, finished_at from message where id > ?1 and id <= ?2 order by id limit ?3;

-- name: still_ended
select id from message where id in rows_int(?1) and finished_at <= ?2;

-- name: owed
-- Somebody may still be told of these, or have them told again. What waits has no end; its mark is later than all.
select message_id from webhook_delivery
where message_id in rows_int(?1) and coalesce(finished_at, 4611686018427387904) > ?2
union
select message_id from esme_outbox where message_id in rows_int(?1) and (next_at is not null or finished_at > ?2);

-- name: unfinished
-- What waits for anything: looked for again in the commit that drops, where ended deliveries need no second look.
select message_id from queue where message_id in rows_int(?1)
union
select message_id from attempt where message_id in rows_int(?1) and outcome is null
union
select message_id from code_call where message_id in rows_int(?1) and next_at is not null
union
select message_id from webhook_waiting where message_id in rows_int(?1)
union
select message_id from esme_outbox where message_id in rows_int(?1) and next_at is not null;

-- name: answers_to
select distinct account_id from message where id in rows_int(?1);

-- name: unlink
update message set in_reply_to = null where account_id in rows_int(?2) and in_reply_to in rows_int(?1);

-- name: words
delete from message_words where message_id in rows_int(?1);

-- name: receipts
delete from receipt where message_id in rows_int(?1);

-- name: attempts
delete from attempt where message_id in rows_int(?1);

-- name: inbounds
delete from inbound where message_id in rows_int(?1);

-- name: submissions
delete from submission where message_id in rows_int(?1);

-- name: callbacks
delete from message_callback where message_id in rows_int(?1);

-- name: code_calls
delete from code_call where message_id in rows_int(?1);

-- name: messages
delete from message where id in rows_int(?1);

-- name: orphans
delete from receipt where id in (select id from receipt
  where attempt_id is null and id <= ?2 and retry_at is null and message_id is null and received_at <= ?1 order by id limit ?3)
returning id;

-- name: pieces
delete from capture_piece where id in (select id from capture_piece where id <= ?1 order by id limit ?2) returning id;
