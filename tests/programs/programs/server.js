// SPDX-License-Identifier: GPL-2.0
// An HTTP server in node: a head and pieces of a body of unknown length, written one by one.
// server.js PORT [FILE]: over TLS, with the key and the certificate in that file.
'use strict';
const fs = require('fs');
const http = require('http');
const https = require('https');

const [port, file] = process.argv.slice(2);

const answer = (request, response) => {
	response.writeHead(200, { 'Content-Type': 'text/plain' });
	for (let i = 0; i < 200; i++)
		response.write(`piece ${i} for ${request.url} ` + 'of node '.repeat(i) + '\n');
	response.end('the end\n');
};

const both = file && fs.readFileSync(file);
const server = file ? https.createServer({ key: both, cert: both }, answer) :
	http.createServer(answer);
server.listen(Number(port), '127.0.0.1');
