package line

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// maxPacket is the MTU of the cable's ends.
const maxPacket = 1500

// cable joins two namespaces by a device of each whose packets it carries
// itself, which takes time, unlike the kernel's virtual cable.
type cable struct {
	ends [2]*os.File
	wg   sync.WaitGroup
}

// newCable makes a device named line0 in each namespace.
func newCable(s Shape, a, b *namespace) (*cable, error) {
	c := new(cable)
	for i, ns := range []*namespace{a, b} {
		err := ns.do(func() (err error) {
			c.ends[i], err = openDevice("line0")
			return err
		})
		if err != nil {
			c.close()
			return nil, err
		}
	}
	c.wg.Go(func() { carry(s, c.ends[0], c.ends[1]) })
	c.wg.Go(func() { carry(s, c.ends[1], c.ends[0]) })
	return c, nil
}

func (c *cable) close() {
	for _, f := range c.ends {
		if f != nil {
			f.Close()
		}
	}
	c.wg.Wait()
}

// openDevice makes a TUN device. (linux/if_tun.h)
func openDevice(name string) (*os.File, error) {
	const (
		tunSetIff = 0x400454ca
		iffTun    = 0x0001
		iffNoPI   = 0x1000
	)
	fd, err := syscall.Open("/dev/net/tun", syscall.O_RDWR|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("line: /dev/net/tun: %w", err)
	}
	var request struct {
		name  [16]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:], name)
	request.flags = iffTun | iffNoPI
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), tunSetIff, uintptr(unsafe.Pointer(&request))); errno != 0 {
		syscall.Close(fd)
		return nil, fmt.Errorf("line: /dev/net/tun: %w", errno)
	}
	return os.NewFile(uintptr(fd), "/dev/net/tun"), nil
}

// carry carries packets in one direction until an end is closed. One that finds
// the queue full is lost.
func carry(s Shape, from, to *os.File) {
	on := make(chan sent, 1<<14)
	var wg sync.WaitGroup
	wg.Go(func() {
		for p := range on {
			time.Sleep(time.Until(p.due))
			to.Write(p.data) // a packet that is not taken is lost
		}
	})
	free := time.Now() // when the line is
	for {
		b := make([]byte, maxPacket)
		n, err := from.Read(b)
		if err != nil {
			break
		}
		now := time.Now()
		if free.Before(now) {
			free = now
		}
		if free.Sub(now) > s.Queue {
			continue
		}
		// 14 more, as an Ethernet header has, for the same rates as elsewhere.
		free = free.Add(time.Duration(float64(n+14) * 8 / float64(s.Rate) * 1e9))
		on <- sent{free.Add(s.Delay), b[:n]}
	}
	close(on)
	wg.Wait()
}
