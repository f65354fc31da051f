package pwotel

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// A put takes one value of an instrument, with the value of its attribute if it has one.
type put[N int64 | float64] func(value N, attribute string)

// An instrument shows numbers of a snapshot S: a counter, or otherwise a gauge, with at
// most one attribute. One of ints and floats is set.
type instrument[S any] struct {
	name, unit, help string
	counter          bool
	attribute        string // its key
	ints             func(s *S, to put[int64])
	floats           func(s *S, to put[float64])
}

// counter returns an instrument without attributes that only grows.
func counter[S any](name, unit, help string, value func(*S) uint64) instrument[S] {
	return instrument[S]{name: name, unit: unit, help: help, counter: true, ints: func(s *S, to put[int64]) { to(int64(value(s)), "") }}
}

// gauge returns an instrument without attributes that goes up and down.
func gauge[S any, N int | int64 | uint64](name, unit, help string, value func(*S) N) instrument[S] {
	return instrument[S]{name: name, unit: unit, help: help, ints: func(s *S, to put[int64]) { to(int64(value(s)), "") }}
}

// register makes the instruments, and the callback that observes all of them from one
// snapshot of stats.
func register[S any](m metric.Meter, list []instrument[S], stats func() S, attrs []attribute.KeyValue) (metric.Registration, error) {
	var all []metric.Observable
	var observe []func(s *S, o metric.Observer)
	for i := range list {
		in := &list[i]
		if in.ints != nil {
			made, err := makeInt(m, in)
			if err != nil {
				return nil, err
			}
			all = append(all, made)
			observe = append(observe, func(s *S, o metric.Observer) {
				in.ints(s, func(v int64, a string) { o.ObserveInt64(made, v, in.attributes(attrs, a)) })
			})
			continue
		}
		made, err := makeFloat(m, in)
		if err != nil {
			return nil, err
		}
		all = append(all, made)
		observe = append(observe, func(s *S, o metric.Observer) {
			in.floats(s, func(v float64, a string) { o.ObserveFloat64(made, v, in.attributes(attrs, a)) })
		})
	}
	return m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s := stats()
		for _, f := range observe {
			f(&s, o)
		}
		return nil
	}, all...)
}

// attributes returns the caller's attributes and that of the instrument.
func (in *instrument[S]) attributes(attrs []attribute.KeyValue, value string) metric.MeasurementOption {
	if in.attribute == "" {
		return metric.WithAttributes(attrs...)
	}
	return metric.WithAttributes(append(attrs[:len(attrs):len(attrs)], attribute.String(in.attribute, value))...)
}

func makeInt[S any](m metric.Meter, in *instrument[S]) (metric.Int64Observable, error) {
	if in.counter {
		return m.Int64ObservableCounter(in.name, metric.WithUnit(in.unit), metric.WithDescription(in.help))
	}
	return m.Int64ObservableGauge(in.name, metric.WithUnit(in.unit), metric.WithDescription(in.help))
}

func makeFloat[S any](m metric.Meter, in *instrument[S]) (metric.Float64Observable, error) {
	if in.counter {
		return m.Float64ObservableCounter(in.name, metric.WithUnit(in.unit), metric.WithDescription(in.help))
	}
	return m.Float64ObservableGauge(in.name, metric.WithUnit(in.unit), metric.WithDescription(in.help))
}

// number returns 1 for true.
func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
