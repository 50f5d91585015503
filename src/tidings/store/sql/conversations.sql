-- name: whole
id, account_id, sender, contact_id, number, status, snoozed_until, assignee, json(labels), unread, last_id, created_at,
  event_count

-- name: of_contacts
select rows_of({whole}) from conversation where account_id in rows_int(?1) and contact_id in rows_int(?2);

-- name: hold
-- As `of_contacts`, by whoever is about to change them; PostgreSQL lets no other process do so meanwhile.
select rows_of({whole}) from conversation as held where account_id in rows_int(?1) and contact_id in rows_int(?2);

-- name: hold_one
select rows_of({whole}) from conversation as held where account_id = ?1 and id = ?2;

-- name: one
select rows_of({whole}) from conversation where account_id = ?1 and id = ?2;

-- name: some
select rows_of({whole}) from conversation where id in rows_int(?1);

-- name: insert
insert into conversation (id, account_id, sender, contact_id, number, status, snoozed_until, assignee, labels, unread,
  last_id, created_at, event_count)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13);

-- name: change
update conversation set contact_id = ?2, number = ?3, status = ?4, snoozed_until = ?5, assignee = ?6, labels = ?7,
  unread = ?8, last_id = ?9, event_count = ?10
where id = ?1;

-- name: delete
delete from conversation where id in rows_int(?1);

-- name: due
select rows_of({whole}) from
  (select * from conversation where snoozed_until <= ?1 order by snoozed_until limit ?2) as c;

-- name: scan
select id, last_id, status, assignee, labels, sender, contact_id, unread from conversation
where {where} order by last_id desc limit {most}

-- name: chosen
select id from ({scan}) as scanned where {where} order by last_id desc limit {most}

-- name: floor
select min(last_id), count(*) from ({scan}) as scanned

-- name: said_to
select id from
  (select id, direction, sender from message where account_id = ?1 and recipient = ?2 and id < ?4
   order by id desc limit 20000) as m
where direction = 'mt' and sender = ?3 order by id desc limit ?5;

-- name: heard_from
select id from
  (select id, recipient from message where account_id = ?1 and sender = ?2 and id < ?4 and direction = 'mo'
   order by id desc limit 20000) as m
where recipient = ?3 order by id desc limit ?5;

-- name: note
id, account_id, conversation_id, author, text, created_at, changed_at

-- name: insert_note
insert into conversation_note ({note}) values (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: one_note
select rows_of({note}) from conversation_note where account_id = ?1 and id = ?2;

-- name: change_note
update conversation_note set author = ?2, text = ?3, changed_at = ?4 where id = ?1;

-- name: delete_note
delete from conversation_note where account_id = ?1 and id = ?2 returning id;

-- name: notes
select rows_of({note}) from
  (select * from conversation_note where conversation_id = ?1 and id < ?2 order by id desc limit ?3) as n;

-- name: reassign
update conversation set assignee = ?3 where account_id = ?1 and assignee = ?2
  and not exists (select 1 from person where account_id = ?1 and name = ?2)
returning id;

-- name: move_notes
update conversation_note set conversation_id = ?2 where conversation_id = ?1 returning id;

-- name: drop_notes
delete from conversation_note where conversation_id in rows_int(?1);

-- name: canned
select rows_of(id, account_id, name, text, created_at) from
  (select * from canned_reply where account_id = ?1 and id < ?2 order by id desc limit ?3) as r;

-- name: one_canned
select rows_of(id, account_id, name, text, created_at) from canned_reply where account_id = ?1 and id = ?2;

-- name: canned_named
select id from canned_reply where account_id = ?1 and name = ?2;

-- name: count_canned
select count(*) from canned_reply where account_id = ?1;

-- name: insert_canned
insert into canned_reply (id, account_id, name, text, created_at) values (?1, ?2, ?3, ?4, ?5);

-- name: change_canned
update canned_reply set name = ?2, text = ?3 where id = ?1;

-- name: delete_canned
delete from canned_reply where account_id = ?1 and id = ?2 returning id;
