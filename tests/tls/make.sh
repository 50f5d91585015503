#!/bin/sh
# Makes the certificates of these tests anew: a CA of its own, and one certificate for hook.example. Valid for a century;
# they vouch for nothing outside the tests.
set -e
cd "$(dirname "$0")"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -keyout ca.key -out ca.pem \
  -subj "/CN=tidings tests" -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout hook.key -out hook.csr -subj "/CN=hook.example"
printf '%s\n' 'subjectAltName=DNS:hook.example' 'basicConstraints=critical,CA:FALSE' 'keyUsage=critical,digitalSignature' \
  'extendedKeyUsage=serverAuth' 'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid' > hook.ext
openssl x509 -req -in hook.csr -CA ca.pem -CAkey ca.key -days 36500 -extfile hook.ext -out hook.crt
cat hook.key hook.crt > hook.pem
rm -f ca.key hook.key hook.csr hook.ext hook.crt ca.srl
