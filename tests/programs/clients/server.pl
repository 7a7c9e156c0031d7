# SPDX-License-Identifier: MIT
# A child for each connection: a line in, the line reversed out.
use strict;
use warnings;
use IO::Socket::INET;

$SIG{CHLD} = 'IGNORE';
my $server = IO::Socket::INET->new(Listen => 16, LocalAddr => '192.0.2.2',
	LocalPort => $ARGV[0], ReuseAddr => 1) or die $@;
while (my $peer = $server->accept) {
	next if fork;
	while (my $line = <$peer>) {
		chomp $line;
		print $peer scalar reverse($line), "\n";
		$peer->flush;
	}
	exit 0;
}
