package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// Listen listens on the TCP address that a flag gives.
func Listen(ctx context.Context, flag, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	var op *net.OpError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("cannot listen on %s, the address is in use: give another with %s, or end the program that has it", address, flag)
	case errors.As(err, &op):
		return nil, fmt.Errorf("cannot listen on %s: %s: give another address with %s", address, Cause(op), flag)
	case err != nil:
		return nil, fmt.Errorf("cannot listen on %s: %w: give another address with %s", address, err, flag)
	}
	return l, nil
}

// Cause writes an error of the network without the address and the system call.
func Cause(op *net.OpError) string {
	var call *os.SyscallError
	var name *net.DNSError
	switch {
	case errors.As(op.Err, &call):
		return call.Err.Error()
	case errors.As(op.Err, &name):
		return name.Err
	}
	return op.Err.Error()
}
