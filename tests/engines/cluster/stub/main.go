// A program that stands in for others in images of tests. It answers HTTP with 200 on each port of STUB_PORTS, and ends at
// SIGTERM once it has answered what it was asked. Under the name of a program that asks (redis-cli, pg_isready, curl), or with
// words that make an interpreter or a server ask (`python -c`, `ollama list`), it says whether the first of those ports takes
// a connection; `nc -z HOST PORT` asks that one.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	ports := strings.Fields(strings.ReplaceAll(os.Getenv("STUB_PORTS"), ",", " "))
	if program := filepath.Base(os.Args[0]); asks(program, os.Args[1:]) {
		addresses := []string{}
		if words := os.Args[1:]; program == "nc" && len(words) > 1 {
			addresses = append(addresses, net.JoinHostPort(words[len(words)-2], words[len(words)-1]))
		} else if len(ports) > 0 {
			addresses = append(addresses, "127.0.0.1:"+ports[0])
		}
		for _, address := range addresses {
			conn, err := net.DialTimeout("tcp", address, time.Second)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			conn.Close()
		}
		fmt.Println("PONG")
		return
	}
	if wait, err := time.ParseDuration(os.Getenv("STUB_START")); err == nil {
		time.Sleep(wait)
	}
	asked := 0
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if os.Getenv("STUB_FLAKY") != "" && asked%20 == 0 {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	servers := []*http.Server{}
	for _, port := range ports {
		server := &http.Server{Addr: ":" + port, Handler: handler}
		servers = append(servers, server)
		go func() {
			if err := server.ListenAndServe(); err != http.ErrServerClosed {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}()
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	<-stop
	limit, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, server := range servers {
		server.Shutdown(limit)
	}
}

func asks(program string, words []string) bool {
	switch program {
	case "redis-cli", "pg_isready", "curl", "nc", "perl", "mysqladmin", "mongosh", "rabbitmq-diagnostics", "cypher-shell":
		return true
	case "python", "python3", "node":
		return len(words) > 0 && (words[0] == "-c" || words[0] == "-e")
	case "ollama", "consul", "kong":
		return len(words) > 0 && words[0] != "serve" && words[0] != "agent" && words[0] != "docker-start"
	}
	return false
}
