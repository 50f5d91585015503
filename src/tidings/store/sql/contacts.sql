-- name: columns
id, account_id, name, json(fields), json(tags), notes, created_at, changed_at

-- name: of_numbers
select account_id, number, contact_id from contact_number where account_id in rows_int(?1) and number in rows_text(?2);

-- name: insert
insert into contact (id, account_id, name, fields, tags, notes, created_at, changed_at)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: change
update contact set name = ?2, fields = ?3, tags = ?4, notes = ?5, changed_at = ?6 where id = ?1;

-- name: delete
delete from contact where id in rows_int(?1);

-- name: insert_number
insert into contact_number (account_id, number, contact_id) values (?1, ?2, ?3);

-- name: drop_numbers
delete from contact_number where contact_id in rows_int(?1);

-- name: some
select rows_of({columns}) from contact where account_id = ?1 and id in rows_int(?2);

-- name: numbers
select contact_id, number from contact_number where contact_id in rows_int(?1) order by number;

-- name: scan
select id, tags, name from contact where {where} order by id desc limit {most}

-- name: chosen
select id from ({scan}) as scanned where {where} order by id desc limit {most}

-- name: floor
select min(id), count(*) from ({scan}) as scanned
