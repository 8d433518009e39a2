// The account page: whether this device tells of answers that are ready.

import { setUpSwitch } from "device";

setUpSwitch();
