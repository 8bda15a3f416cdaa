package org.example;

import org.example.Step;

interface ICounter {
  int add(in Step step);
}
