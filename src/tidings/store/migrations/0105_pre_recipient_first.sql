-- The recipient first: no other index begins with it, so what is asked for in its order is found by it whatever PostgreSQL
-- believes of the table. Statistics of a nearly empty one once made it read all messages of an account instead.
drop index message_recipient;
create index message_recipient on message (recipient, account_id, id);
