-- Several processes may change a conversation: each waits for the other's commit, and goes on from what that left.

-- name: whole
id, account_id, sender, contact_id, number, status, snoozed_until, assignee, json(labels), unread, last_id, created_at,
  event_count

-- name: said_to
-- See messages.sql.
select id from
  (select id, direction, sender from message
   where (recipient, account_id, id) > ($2, $1, 0) and (recipient, account_id, id) < ($2, $1, $4)
   order by recipient desc, account_id desc, id desc limit 20000) as m
where direction = 'mt' and sender = $3 order by id desc limit $5;

-- name: hold
select {whole} from conversation where account_id = any($1::bigint[]) and contact_id = any($2::bigint[])
order by id for update;

-- name: hold_one
select {whole} from conversation where account_id = $1 and id = $2 for update;
