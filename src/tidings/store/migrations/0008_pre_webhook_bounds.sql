-- Whether any callback asks for more than the final status is asked at every accept with a callback.
create index message_callback_wide on message_callback (message_id) where events <> '[]';
