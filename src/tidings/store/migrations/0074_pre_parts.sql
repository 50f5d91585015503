-- Parts under a reference are looked for among those of a day: whoever texts for years has used each reference often.
drop index inbound_parts;
create index inbound_parts on inbound (sender, recipient, reference, received_at) where parts > 1;
