# SPDX-License-Identifier: MIT
use strict;
use warnings;
use HTTP::Tiny;

for my $path ('/hello', '/large', '/none') {
	my $answer = HTTP::Tiny->new(keep_alive => 0)->get("http://192.0.2.2$path");
	print "$path $answer->{status} ", length $answer->{content}, "\n";
}
