// The console in a real browser, against the deployed service. Its address is in API_URL, accounts of its own in ACCOUNTS.

import './sign-in.mjs';
import './keys.mjs';
import './create.mjs';
import './value.mjs';
import './key.mjs';
import './keyboard.mjs';
import './usage.mjs';
import './events.mjs';
import './limits.mjs';
