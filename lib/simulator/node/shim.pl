#!/usr/bin/perl
# Hands one command over to the simulated kernel and returns what it prints.
# No module is loaded: a real command starts in a few milliseconds too.
my ($name) = $0 =~ m{([^/]+)\z};
$SIG{PIPE} = 'IGNORE';
my $sim;
socket($sim, 1, 1, 0) && connect($sim, pack('S a*', 1, "/simulator/socket\0")) or do {
	print STDERR "$name: the machine is off: $!\n";
	exit 71;
};
my @words = ("@{[getppid()]} $>", $name, @ARGV);
if ($name =~ /^(?:pfctl|ifstated|crontab)\z/ && grep { m{^[^-/]} && -e $_ } @ARGV) {
	require Cwd;
	@words = ($words[0], $name, map { m{^[^-/]} && -e $_ ? Cwd::getcwd() . "/$_" : $_ } @ARGV);
}
if ($name eq 'doas') {
	require Cwd;
	splice @words, 2, 0, Cwd::getcwd();
}
syswrite($sim, pack('N', scalar @words) . join('', map { pack('N/a*', $_) } @words));
my ($buffer, $wants, $ended) = ('', 0, 0);
while (1) {
	my $r = '';
	vec($r, fileno($sim), 1) = 1;
	vec($r, fileno(STDIN), 1) = 1 if $wants;
	# nc ends once its input is at its end and nobody reads its output any more.
	my $ready = select($r, undef, undef, $name eq 'nc' && $ended ? 0.2 : undef);
	if ($ready == 0) {
		require IO::Poll;
		my $poll = IO::Poll->new;
		$poll->mask(\*STDOUT => IO::Poll::POLLERR());
		exit 0 if $poll->poll(0) > 0;
	}
	next if $ready <= 0;
	if ($wants && vec($r, fileno(STDIN), 1)) {
		if (sysread(STDIN, my $part, 65536)) { syswrite($sim, $part) }
		else { shutdown($sim, 1); $wants = 0; $ended = 1 }
	}
	next unless vec($r, fileno($sim), 1);
	sysread($sim, $buffer, 65536, length $buffer) or exit 71;
	while (length($buffer) >= 5) {
		my ($kind, $length) = unpack('aN', $buffer);
		last if length($buffer) < 5 + $length;
		my $payload = substr($buffer, 5, $length);
		substr($buffer, 0, 5 + $length, '');
		if ($kind eq '1') { syswrite(STDOUT, $payload) }
		elsif ($kind eq '2') { syswrite(STDERR, $payload) }
		elsif ($kind eq 'i') { $wants = 1 }
		elsif ($kind eq 'x') { exit ord $payload }
	}
}
