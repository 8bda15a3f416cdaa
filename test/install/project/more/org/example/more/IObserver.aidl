package org.example.more;

import org.example.ICounter;
import org.example.Step;

interface IObserver {
  oneway void onStep(ICounter counter, in Step step);
}
