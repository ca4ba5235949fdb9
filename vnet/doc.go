// Package vnet is a network in memory for tests: connections, listeners and
// dialling that behave like TCP over links with latency, jitter, bandwidth and
// a window, where connections break, stall, are refused and are cut off, all
// drawn from a seed. It knows nothing of Cardano.
//
// Start with [New], name hosts with [Network.Host], and give [Host.Dial] and
// [Host.Listen] to what you test: a node.Config.Dial and node.Serve, or an
// http.Transport and http.Server. [Link] is how bytes travel, [Fault] what goes
// wrong. Inside a bubble of testing/synctest, time is virtual: hours pass in
// milliseconds, and latencies and rates are exact to the nanosecond.
//
// There are two modes. Running freely, a network adds nothing but delays, and
// needs no goroutine but for moments. In lockstep, with [Config].Wait,
// [Network.Run] lets one thing happen at a time, so that with ordinary
// goroutines each run with the same seed is the same run, byte by byte;
// [Config].Observe sees it.
//
// Duties of the caller:
//
//  1. Inside a bubble, make the network there.
//  2. Make the hosts in the same order each time, if their addresses matter.
//  3. In lockstep, keep Run running, and let what the hosts do depend on
//     nothing but what they receive and the time. No network makes a host
//     reproducible that draws random numbers (a node of this module does not
//     with node.Config.Seed); where its goroutines race for one connection,
//     [Config].Arrange can help, for which package mux has a function.
//
// What is left out on purpose: packets that are lost or come twice, which TCP
// hides; connections sharing a link's bandwidth; datagrams; name service beyond
// the names of hosts.
//
// docs/guide/testing.md tests an application with it.
//
// Not stable yet: a minor version may change this package. See docs/compatibility.md.
package vnet
