-- name: columns
account_id, address, label, inbox_url, inbox_replies, unknown_reply

-- name: of
select rows_of({columns}) from
  (select * from sender where address in rows_text(?1) order by account_id desc) as s;

-- name: page
select rows_of({columns}) from
  (select * from sender where (account_id = ?1 or ?1 is null) and address > ?2 order by address limit ?3) as s;

-- name: insert
insert into sender (account_id, address, label, inbox_url, inbox_replies, unknown_reply, brand_id, is_default)
values (?1, ?2, ?3, ?4, ?5, ?6, 1, 0);

-- name: change
update sender set label = ?3, inbox_url = ?4, inbox_replies = ?5, unknown_reply = ?6
where account_id = ?1 and address = ?2 returning address;

-- name: delete
delete from sender where account_id = ?1 and address = ?2 returning address;

-- name: any_inbox
select exists (select 1 from sender where inbox_url is not null);
