// SPDX-License-Identifier: GPL-2.0

// An HTTP server, and a relay in front of it. The server writes what it computes and lets the
// kernel send files (sendfile); the relay copies between two connections in the kernel (splice).
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

func numbers(w http.ResponseWriter, r *http.Request) {
	for i := 0; i < 20000; i++ {
		fmt.Fprintf(w, "number %d of Go\n", i)
	}
}

func relay(client net.Conn, server string) {
	defer client.Close()
	upstream, err := net.Dial("tcp", server)
	if err != nil {
		log.Print(err)
		return
	}
	defer upstream.Close()
	go io.Copy(upstream, client)
	io.Copy(client, upstream)
}

func serveRelay(address, server string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go relay(client, server)
	}
}

// relay FOLDER ADDRESS RELAY'S-ADDRESS
func main() {
	http.HandleFunc("/numbers", numbers)
	http.Handle("/", http.FileServer(http.Dir(os.Args[1])))
	go serveRelay(os.Args[3], os.Args[2])
	log.Fatal(http.ListenAndServe(os.Args[2], nil))
}
