#!/usr/bin/perl
# What ip-move is measured against: a program that moves a FailOver IP with the requests that the
# guide's tool makes, one after the other over one connection that is kept open, in the Perl and
# over the nc(1) that ip-move has. Only what is asked, and when, is different.
#
# usage: known-tool -project description -ip address -instance name
#        known-tool -project-id id -ip-id id -instance-id id
use strict;
use warnings;
use Digest::SHA qw(sha1_hex);
use JSON::PP;

my ($HOST, $BASE) = ('eu.api.ovh.com', '/1.0');
my ($key, $secret, $consumer) = @ENV{qw(OVH_APPLICATION_KEY OVH_APPLICATION_SECRET OVH_CONSUMER_KEY)};
my %flag;
while (@ARGV >= 2) {
	my ($name, $value) = splice(@ARGV, 0, 2);
	$name =~ s/^-//;
	$flag{$name} = $value;
}

pipe(my $to_r, my $to_w) && pipe(my $from_r, my $from_w) or die "pipe: $!\n";
my $pid = fork() // die "fork: $!\n";
if ($pid == 0) {
	open(STDIN, '<&', $to_r) && open(STDOUT, '>&', $from_w) or exit 127;
	exec {'/usr/bin/nc'} 'nc', '-c', '-w', '30', $HOST, '443';
	exit 127;
}
close($to_r);
close($from_w);

# One request and its answer, on the connection that is there.
sub call {
	my ($method, $path, $body, $time) = @_;
	my @header = ("Host: $HOST", 'Accept: application/json');
	push @header, 'Content-Type: application/json;charset=utf-8', 'Content-Length: ' . length $body if defined $body;
	if (defined $time) {
		my $sign = join('+', $secret, $consumer, $method, "https://$HOST$BASE$path", $body // '', $time);
		push @header, "X-Ovh-Application: $key", "X-Ovh-Consumer: $consumer", "X-Ovh-Timestamp: $time",
		    'X-Ovh-Signature: $1$' . sha1_hex($sign);
	}
	my $request = join("\r\n", "$method $BASE$path HTTP/1.1", @header, '', $body // '');
	syswrite($to_w, $request) == length $request or die "nc: $!\n";
	my $text = '';
	while (1) {
		sysread($from_r, $text, 65536, length $text) or die "$method $path: no answer\n";
		next unless $text =~ /\r\n\r\n/;
		my ($head, $rest) = split(/\r\n\r\n/, $text, 2);
		my ($status) = $head =~ m{^HTTP/1\.1 (\d{3})};
		if ($head =~ /^content-length: (\d+)/im) {
			next if length($rest) < $1;
		} elsif ($head =~ /^transfer-encoding: chunked/im) {
			next unless $rest =~ /\r\n0\r\n\r\n\z/;
			$rest =~ s/(?:\A|\r\n)[0-9a-f]+\r\n//gi;
		}
		die "$method $path: HTTP $status\n" if $status != 200;
		return JSON::PP->new->allow_nonref->decode($rest);
	}
}

my $offset = call('GET', '/auth/time') - time();
sub get { return call('GET', $_[0], undef, time() + $offset) }

my $project = $flag{'project-id'};
if (defined $project) {
	get("/cloud/project/$project");
} else {
	for my $id (@{ get('/cloud/project') }) {
		next if get("/cloud/project/$id")->{description} ne $flag{project};
		$project = $id;
		last;
	}
}
my $address = defined $flag{'ip-id'} ? get("/cloud/project/$project/ip/failover/$flag{'ip-id'}")
    : (grep { $_->{ip} eq $flag{ip} } @{ get("/cloud/project/$project/ip/failover") })[0];
my $instance = defined $flag{'instance-id'} ? get("/cloud/project/$project/instance/$flag{'instance-id'}")
    : (grep { $_->{name} eq $flag{instance} } @{ get("/cloud/project/$project/instance") })[0];
get("/cloud/project/$project/instance/$address->{routedTo}");
call('POST', "/cloud/project/$project/ip/failover/$address->{id}/attach",
    qq({"instanceId":"$instance->{id}"}), time() + $offset);
kill 'TERM', $pid;
waitpid($pid, 0);
