/** Programs that work as they stand: with the address of this tidings and a key. What a key may do decides what they show. */
export interface Sample {
  language: "curl" | "Python" | "JavaScript" | "PHP";
  text: string;
}

/** `to`: a number that may be texted; `null` where the key may only read. */
export function samplesOf(origin: string, token: string, to: string | null): Sample[] {
  return to === null ? reading(`${origin}/v1/messages?limit=5`, token) : sending(`${origin}/v1/messages`, token, to);
}

const TEXT = "Hello from tidings";

function sending(url: string, token: string, to: string): Sample[] {
  return [
    {
      language: "curl",
      text: `curl -sS ${url} \\
  -H "Authorization: Bearer ${token}" \\
  -H "Content-Type: application/json" \\
  -d '{"to": "${to}", "text": "${TEXT}"}'
`,
    },
    {
      language: "Python",
      text: `import json
import urllib.request

request = urllib.request.Request(
    "${url}",
    data=json.dumps({"to": "${to}", "text": "${TEXT}"}).encode(),
    headers={"Authorization": "Bearer ${token}", "Content-Type": "application/json"},
)
with urllib.request.urlopen(request) as answer:
    print(json.load(answer))
`,
    },
    {
      language: "JavaScript",
      text: `fetch("${url}", {
  method: "POST",
  headers: { Authorization: "Bearer ${token}", "Content-Type": "application/json" },
  body: JSON.stringify({ to: "${to}", text: "${TEXT}" }),
})
  .then((answer) => answer.json())
  .then((message) => console.log(message));
`,
    },
    {
      language: "PHP",
      text: `<?php
echo file_get_contents('${url}', false, stream_context_create(['http' => [
    'method' => 'POST',
    'header' => "Authorization: Bearer ${token}\\r\\nContent-Type: application/json",
    'content' => json_encode(['to' => '${to}', 'text' => '${TEXT}']),
    'ignore_errors' => true,
]]));
`,
    },
  ];
}

function reading(url: string, token: string): Sample[] {
  return [
    { language: "curl", text: `curl -sS "${url}" -H "Authorization: Bearer ${token}"\n` },
    {
      language: "Python",
      text: `import json
import urllib.request

request = urllib.request.Request("${url}", headers={"Authorization": "Bearer ${token}"})
with urllib.request.urlopen(request) as answer:
    print(json.load(answer))
`,
    },
    {
      language: "JavaScript",
      text: `fetch("${url}", { headers: { Authorization: "Bearer ${token}" } })
  .then((answer) => answer.json())
  .then((page) => console.log(page));
`,
    },
    {
      language: "PHP",
      text: `<?php
echo file_get_contents('${url}', false, stream_context_create(['http' => [
    'header' => "Authorization: Bearer ${token}",
    'ignore_errors' => true,
]]));
`,
    },
  ];
}
