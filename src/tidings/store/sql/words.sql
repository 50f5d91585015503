-- name: insert
insert into message_words (message_id, account_id, words) values (?1, ?2, ?3);

-- name: forget
delete from message_words where message_id in rows_int(?1);

-- name: find
select rowid from message_index where message_index match ?2 and rowid < ?3 order by rowid desc limit ?4;
