// What npm packages make of texts: a JSON list of strings comes in; for each package a list of answers goes out, each
// "gsm7" or "ucs2" with the parts, or with their number where the package cuts nothing.
'use strict';

const { readFileSync } = require('fs');
const gsm = require('gsm');
const GraphemeSplitter = require('grapheme-splitter');
const { count } = require('sms-length');
const { SegmentedMessage } = require('sms-segments-calculator');
const { split } = require('split-sms');

const peers = {
  'split-sms': (text) => {
    const cut = split(text);
    return [cut.characterSet === 'GSM' ? 'gsm7' : 'ucs2', cut.parts.map((part) => part.content)];
  },
  'sms-segments-calculator': (text) => {
    const cut = new SegmentedMessage(text);
    // A segment is an array that also holds what stands for its header.
    const words = (one) => Array.from(one, (unit) => unit.raw || '').join('');
    return [cut.encodingName === 'GSM-7' ? 'gsm7' : 'ucs2', cut.segments.map(words)];
  },
  'sms-length': (text) => {
    const told = count(text);
    return [told.encoding.startsWith('GSM') ? 'gsm7' : 'ucs2', told.messages];
  },
  gsm: (text) => {
    const cut = gsm(text);
    return [cut.char_set.startsWith('GSM') ? 'gsm7' : 'ucs2', cut.parts];
  },
};

// The clusters that sms-segments-calculator goes by: those of an older Unicode, and CR LF is none.
const graphemes = new GraphemeSplitter();
const apart = (cluster) => (cluster === '\r\n' ? ['\r', '\n'] : [cluster]);
peers.clusters = (text) => ['', graphemes.splitGraphemes(text).flatMap(apart)];

const texts = JSON.parse(readFileSync(0, 'utf8'));
const answers = Object.entries(peers).map(([name, ask]) => [name, texts.map((text) => ask(text))]);
process.stdout.write(JSON.stringify(Object.fromEntries(answers)));
