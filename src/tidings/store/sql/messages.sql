-- name: insert
insert into message (id, account_id, direction, status, category, recipient, sender, text, encoding, segments, reference,
  created_at, expires_at, send_at, carrier, client_ref, tags, metadata, error, segments_delivered, sent_at, finished_at,
  event_count, prepared, in_reply_to)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25);

-- name: whole
id, account_id, direction, status, category, recipient, sender, text, encoding, segments, reference,
  created_at, expires_at, send_at, carrier, client_ref, coalesce(json(tags), json('[]')), json(metadata), json(error),
  segments_delivered, sent_at, finished_at, event_count, json(prepared), in_reply_to

-- name: by_id
select rows_of({whole}) from message where id in rows_int(?1);

-- name: one
select rows_of({whole}) from message where account_id = ?1 and id = ?2;

-- name: scan
select id, status, sender, direction, tags from message where {where} order by id desc limit {most}

-- name: chosen
select id from ({scan}) as scanned where {where} order by id desc limit {most}

-- name: floor
-- The last that a scan looks at, where there are so many.
select id from message where {where} order by id desc limit 1 offset {passed}

-- name: states
select rows_of(id, account_id, status, category, recipient, segments, segments_delivered, carrier, json(error), sent_at,
  finished_at, expires_at, event_count)
from message where id in rows_int(?1);

-- name: change
update message set status = ?2, carrier = ?3, error = ?4, segments_delivered = ?5, sent_at = ?6, finished_at = ?7,
  event_count = ?8
where id = ?1;

-- name: mend
update message set text = ?2, encoding = ?3, segments = ?4, error = ?5, event_count = ?6 where id = ?1;

-- name: answered
select json_extract(p.value, '$[0]'), json_extract(p.value, '$[1]'), json_extract(p.value, '$[2]'),
  (select m.id from
    (select id, sender, category, sent_at from message
     where account_id = json_extract(p.value, '$[0]') and recipient = json_extract(p.value, '$[1]') and id > ?2
     order by id desc limit 100) as m
   where m.sender = json_extract(p.value, '$[2]') and m.sent_at is not null and m.category <> 'system'
   order by m.id desc limit 1)
from json_each(?1) as p;

-- name: sent_to
select id from message
where account_id = ?1 and recipient = ?2 and id > ?4 and sender = ?3 and sent_at is not null and category <> 'system'
order by id desc limit ?5;

-- name: reform
update message set encoding = ?2, segments = ?3, reference = ?4 where id = ?1;

-- name: awaiting_receipt
select id from message where status = 'sent' and expires_at <= ?1 order by expires_at limit ?2;

-- name: blank
update message set text = null, prepared = null where id = ?1;

-- name: outlived
select id from message
where id > ?1 and id <= ?5 and category = ?2 and (text is not null or prepared is not null) and finished_at <= ?3
order by id limit ?4;
