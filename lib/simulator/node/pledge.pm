package OpenBSD::Pledge;
# Stands in for the module of OpenBSD's base: it checks its arguments and confines nothing.
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(pledge);
my %PROMISE = map { $_ => 1 } qw(stdio rpath wpath cpath dpath tmppath inet mcast fattr chown flock unix dns
    getpw sendfd recvfd tape tty proc exec prot_exec settime ps vminfo id pf route wroute audio video bpf unveil error);
sub pledge {
	for (@_) { die "pledge: $_: no such promise\n" unless $PROMISE{$_} }
	return 1;
}
1;
