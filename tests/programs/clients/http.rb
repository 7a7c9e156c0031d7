# SPDX-License-Identifier: MIT
require 'net/http'

['/hello', '/large', '/none'].each do |path|
  answer = Net::HTTP.get_response('192.0.2.2', path)
  puts "#{path} #{answer.code} #{answer.body.size}"
end
