-- People, what they and an account say to each other, and the words of it.
create table contact (
  id integer primary key,
  account_id integer not null,
  name text not null,
  fields text not null,
  tags text not null,
  notes text not null,
  created_at integer not null,
  changed_at integer not null
);
create index contact_account on contact (account_id, id);
create table contact_number (
  account_id integer not null,
  number text not null,
  contact_id integer not null,
  primary key (account_id, number)
) without rowid;
create index contact_number_of on contact_number (contact_id);

create table conversation (
  id integer primary key,
  account_id integer not null,
  sender text not null,
  contact_id integer not null,
  number text not null,
  status text not null,
  snoozed_until integer,
  assignee text,
  labels text not null,
  unread integer not null,
  last_id integer not null,
  created_at integer not null,
  event_count integer not null
);
create unique index conversation_pair on conversation (account_id, contact_id, sender);
create index conversation_recent on conversation (account_id, last_id);
create index conversation_status on conversation (account_id, status, last_id);
create index conversation_assignee on conversation (account_id, assignee, last_id) where assignee is not null;
create index conversation_snoozed on conversation (snoozed_until) where snoozed_until is not null;
create table conversation_note (
  id integer primary key,
  account_id integer not null,
  conversation_id integer not null,
  author text not null,
  text text not null,
  created_at integer not null
);
create index conversation_note_of on conversation_note (conversation_id, id);
create table canned_reply (
  id integer primary key,
  account_id integer not null,
  name text not null,
  text text not null,
  created_at integer not null
);
create unique index canned_reply_name on canned_reply (account_id, name);

-- Of what is said in conversations: words as core/words.py makes them, found by the index that each engine has for that.
create table message_words (
  message_id integer primary key,
  account_id integer not null,
  words text not null
);
create virtual table message_index using fts5(words, content='', contentless_delete=1, detail=none, tokenize='ascii'); -- sqlite
create trigger message_words_told after insert on message_words begin -- sqlite
  insert into message_index (rowid, words) values (new.message_id, new.words); -- sqlite
end; -- sqlite
create trigger message_words_gone after delete on message_words begin -- sqlite
  delete from message_index where rowid = old.message_id; -- sqlite
end; -- sqlite
-- postgres: alter table message_words add column found tsvector generated always as (array_to_tsvector(string_to_array(words, ' '))) stored;
-- postgres: create index message_words_found on message_words using gin (found);
-- postgres: create index message_words_account on message_words (account_id, message_id);
