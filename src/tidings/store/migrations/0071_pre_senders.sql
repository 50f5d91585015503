-- What is done with texts to an address of ours: its inbox, and what unknown keywords are answered with; how answers of
-- endpoints may hold replies.
alter table sender add column label text not null default '';
alter table sender add column inbox_url text;
alter table sender add column inbox_replies text not null default 'json';
alter table sender add column unknown_reply text;
alter table webhook add column replies text not null default 'json';
