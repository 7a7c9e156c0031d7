<?php
// SPDX-License-Identifier: MIT
echo "a page by PHP\n";
