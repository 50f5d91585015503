-- What people look for among messages and what is too rare to be met by looking through the newest ones: statuses that few
-- messages come to, and texts from handsets. A message that is sent and delivered is in neither index.
create index message_status on message (account_id, status, id)
  where status = 'scheduled' or status = 'undelivered' or status = 'failed' or status = 'expired' or status = 'rejected'
    or status = 'canceled' or status = 'unknown';
create index message_heard on message (account_id, id) where direction = 'mo';
