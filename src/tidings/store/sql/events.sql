-- name: append
insert into message_event (message_id, sequence, account_id, type, occurred_at, data) values (?1, ?2, ?3, ?4, ?5, ?6);

-- name: of
select message_id, account_id, sequence, type, occurred_at, data from message_event
where message_id = ?1 order by sequence;
