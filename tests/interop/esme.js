// An ESME made of npm `smpp`, for our SMSC: `node esme.js PORT`; tells what it hears as lines of JSON.
'use strict';

const smpp = require('smpp');

const say = (fact) => process.stdout.write(JSON.stringify(fact) + '\n');
const session = smpp.connect({ url: `smpp://127.0.0.1:${process.argv[2]}` });

const MESSAGES = [
  { destination_addr: '15550100', short_message: 'Plain @ € text' },
  { destination_addr: '15550101', short_message: 'Текст' },
  { destination_addr: '15550102', short_message: { udh: Buffer.from('050003070201', 'hex'), message: 'first half' } },
  { destination_addr: '15550104', message_payload: { message: 'x'.repeat(300) } },
  { destination_addr: '15550003', short_message: 'refused' },
];

session.on('error', (error) => say({ error: String(error) }));
session.on('close', () => say({ closed: true }));
session.on('deliver_sm', (pdu) => {
  const { message } = pdu.short_message;
  say({ deliver: message.toString(), esm_class: pdu.esm_class, id: pdu.receipted_message_id, state: pdu.message_state });
  session.send(pdu.response());
});

session.bind_transceiver({ system_id: 'node', password: 'secret' }, (pdu) => {
  say({ bind: pdu.command_status, system_id: pdu.system_id, version: pdu.sc_interface_version });
  session.enquire_link({}, (answer) => say({ enquire_link: answer.command_status }));
  session.broadcast_sm({ message_id: 'x' }, (answer) => say({ unknown: answer.command, status: answer.command_status }));
  for (const message of MESSAGES) {
    session.submit_sm(
      { source_addr: '12345', source_addr_ton: 3, dest_addr_ton: 1, registered_delivery: 1, ...message },
      (answer) => say({ submit: message.destination_addr, status: answer.command_status, id: answer.message_id }),
    );
  }
});

process.stdin.on('data', () => session.unbind(() => { say({ unbind: true }); session.close(); }));
process.stdin.on('end', () => process.exit());
