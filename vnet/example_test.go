package vnet_test

import (
	"bufio"
	"context"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/vnet"
)

// A line and its answer, over a link of 10 ms each way, in real time.
func Example() {
	n := vnet.New(vnet.Config{Link: vnet.Link{Latency: 10 * time.Millisecond}})
	l, err := n.Host("server").Listen(80)
	if err != nil {
		panic(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		line, _ := bufio.NewReader(c).ReadString('\n')
		fmt.Fprintf(c, "you said %s", line)
		c.Close()
	}()

	c, err := n.Host("client").Dial(context.Background(), "server:80")
	if err != nil {
		panic(err)
	}
	defer c.Close()
	start := time.Now()
	fmt.Fprintln(c, "hello")
	answer, err := bufio.NewReader(c).ReadString('\n')
	fmt.Print(answer)
	fmt.Println(err, time.Since(start) >= 20*time.Millisecond)
	// Output:
	// you said hello
	// <nil> true
}
