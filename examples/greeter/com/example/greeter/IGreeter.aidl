package com.example.greeter;

interface IGreeter {
  String greet(String name);
  int greeted();
}
