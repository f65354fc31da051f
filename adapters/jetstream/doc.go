// Package pwjetstream puts a stream of NATS JetStream between collectors and servers.
//
// A [Sink] is where a [batch.Writer] sends its batches in place of a server: each becomes one
// message as it is, sealed and compressed, and is acked when the stream has it. A [Forwarder]
// is the other end: it sends the same bytes to a server without unpacking them, and acks the
// message when the server has them.
//
//	sink, err := pwjetstream.NewSink(ctx, js, pwjetstream.SinkOptions{Subject: "points"})
//	w, err := batch.NewWriter(client, batch.Options{Sink: sink, MaxInFlight: 32})
//
//	f, err := pwjetstream.NewForwarder(ctx, js, client, pwjetstream.ForwarderOptions{
//		Stream: "points", Durable: "forwarders", DeadLetter: "dead.points",
//	})
//	err = f.Run(ctx)
//
// # What is promised
//
// A line that a Writer counts as acked is in the stream, on as many servers as the stream has
// replicas. It leaves the stream when a server has stored it, or when it is in a dead letter,
// and never otherwise. A message may be sent to the server more than once, after a crash or
// a lost answer: lines with a timestamp are then stored once. NewSink refuses a stream that
// may discard messages by itself.
//
// # The account
//
// With the stats of both ends, while no process of either was killed:
//
//	SinkStats.Published = ForwarderStats.Acked + Rejected + Uncertain + Unconfirmed + what is pending
//
// over all Sinks of the stream and all Forwarders of one Durable. Pending are the messages
// that the consumer has not acked. The lines of a message are those that its header claims.
//
// # Messages
//
// A message is the body of a request. Its header says what the request needs:
//
//	Pointwire-Version            1
//	Pointwire-Database           escaped as in a query
//	Pointwire-Retention-Policy   the same
//	Pointwire-Precision          ns, u, ms, s, m, h
//	Pointwire-Lines              number of lines
//	Pointwire-Bytes              their size before compression
//	Content-Encoding             gzip or zstd; not there: none
//	Nats-Msg-Id                  the id of the batch, 32 hexadecimal digits
//
// # Dead letters
//
// Lines that a server refuses, and those of which it is not known whether it did, are
// published to ForwarderOptions.DeadLetter before the message is acked: as line protocol, with
// a comment before each run of lines that says why. A message that is no batch, or whose body
// is not what its header says, is published there as it is. Each has in its header
//
//	Pointwire-Reason     why
//	Pointwire-Stream     where the message was,
//	Pointwire-Sequence   and its number there
//	Nats-Msg-Id          made of these, so that it is there once
//
// and also Pointwire-Database, -Retention-Policy and -Precision if they are lines.
package pwjetstream
