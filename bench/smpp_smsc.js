// npm `smpp` as an SMSC: `node smpp_smsc.js [receipts]`; prints its port, and once its input ends its CPU seconds.
'use strict';

const smpp = require('smpp');

const receipts = process.argv[2] === 'receipts';
let taken = 0, cpu;

const server = smpp.createServer((session) => {
  session.on('bind_transceiver', (pdu) => { cpu = process.cpuUsage(); session.send(pdu.response({ system_id: 'node' })); });
  session.on('submit_sm', (pdu) => {
    const id = String(++taken);
    session.send(pdu.response({ message_id: id }));
    if (!receipts) return;
    const line = `id:${id} sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:DELIVRD err:000 text:`;
    session.deliver_sm({
      source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4, short_message: line,
      receipted_message_id: id, message_state: 2,
    });
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
  session.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.on('end', () => {
  const { user, system } = process.cpuUsage(cpu);
  console.log(JSON.stringify({ cpu: (user + system) / 1e6 }));
  process.exit();
});
process.stdin.resume();
