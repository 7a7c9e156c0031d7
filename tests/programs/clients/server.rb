# SPDX-License-Identifier: MIT
require 'socket'

server = TCPServer.new('192.0.2.2', ARGV[0].to_i)
loop do
  Thread.new(server.accept) do |peer|
    while (line = peer.gets)
      peer.puts line.chomp.reverse
    end
    peer.close
  end
end
