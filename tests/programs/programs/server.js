// SPDX-License-Identifier: GPL-2.0
// An HTTP server in node: a head and pieces of a body of unknown length, written one by one.
'use strict';
const http = require('http');

const server = http.createServer((request, response) => {
	response.writeHead(200, { 'Content-Type': 'text/plain' });
	for (let i = 0; i < 200; i++)
		response.write(`piece ${i} for ${request.url} ` + 'of node '.repeat(i) + '\n');
	response.end('the end\n');
});
server.listen(Number(process.argv[2]), '127.0.0.1');
