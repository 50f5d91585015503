// An SMSC made of npm `smpp`, for our ESME: tells what it hears as lines of JSON.
// Every message is answered; then comes a receipt, and a reply where the text asks for one.
'use strict';

const smpp = require('smpp');

const say = (fact) => process.stdout.write(JSON.stringify(fact) + '\n');
let taken = 0;

function text(pdu) {
  const { message, udh } = pdu.short_message;
  return { text: message.toString(), udh: udh ? udh.map((element) => Buffer.from(element).toString('hex')) : null };
}

function bind(session, pdu) {
  say({ bind: pdu.command, system_id: pdu.system_id, interface_version: pdu.interface_version });
  if (pdu.password !== 'secret') {
    session.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }));
    return;
  }
  session.send(pdu.response({ system_id: 'node' }));
}

function submit(session, pdu) {
  const id = (++taken).toString(16).padStart(8, '0');
  const { short_message, command_length, ...fields } = pdu;
  say({ submit: { ...fields, ...text(pdu) } });
  session.send(pdu.response({ message_id: id }));
  const line = `id:${id} sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:DELIVRD err:000 text:`;
  const back = { source_addr_ton: 1, source_addr: pdu.destination_addr, destination_addr: pdu.source_addr };
  const heard = (what) => (resp) => say({ [what]: resp.command_status });
  session.deliver_sm(
    { ...back, esm_class: 4, short_message: line, receipted_message_id: id, message_state: 2 },
    heard('receipt_resp'),
  );
  if (text(pdu).text.includes('?')) {
    session.deliver_sm({ ...back, short_message: { message: 'Да €' } }, heard('reply_resp'));
  }
}

const server = smpp.createServer((session) => {
  for (const kind of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
    session.on(kind, (pdu) => bind(session, pdu));
  }
  session.on('submit_sm', (pdu) => submit(session, pdu));
  session.on('enquire_link', (pdu) => { say({ enquire_link: true }); session.send(pdu.response()); });
  session.on('unbind', (pdu) => { say({ unbind: true }); session.send(pdu.response()); session.close(); });
  session.on('error', (error) => say({ error: String(error) }));
});
server.listen(0, '127.0.0.1', () => say({ port: server.address().port }));
