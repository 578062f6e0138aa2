(module
  (type (;0;) (func (param f64 i32 i64) (result externref i32 externref)))
  (type (;1;) (func (param i32) (result i32)))
  (table (;0;) 12 40 externref)
  (memory (;0;) 1 4)
  (global (;0;) funcref ref.null func)
  (global (;1;) (mut i32) i32.const -1)
  (global (;2;) (mut i64) i64.const 0)
  (global (;3;) i32 i32.const -1)
  (func (;0;) (type 0) (param f64 i32 i64) (result externref i32 externref)
    (local i32 i32 i32 i32 externref i64 externref)
    local.get 3
    if (result i64) ;; label = @1
      i32.const 8
      local.set 4
      block (result i32) ;; label = @2
        block (result i32) ;; label = @3
          block (result i32) ;; label = @4
            block (result i32) ;; label = @5
              block (result i32) ;; label = @6
                block (result i32) ;; label = @7
                  block (result i32) ;; label = @8
                    block (result i32) ;; label = @9
                      block (result i32) ;; label = @10
                        block (result i32) ;; label = @11
                          block (result i32) ;; label = @12
                            block (result i32) ;; label = @13
                              block (result i32) ;; label = @14
                                block (result i32) ;; label = @15
                                  block (result i32) ;; label = @16
                                    block (result i32) ;; label = @17
                                      block (result i32) ;; label = @18
                                        block (result i32) ;; label = @19
                                          block (result i32) ;; label = @20
                                            block (result i32) ;; label = @21
                                              block (result i32) ;; label = @22
                                                block (result i32) ;; label = @23
                                                  block (result i32) ;; label = @24
                                                    block (result i32) ;; label = @25
                                                      block (result i32) ;; label = @26
                                                        block (result i32) ;; label = @27
                                                          block (result i32) ;; label = @28
                                                            block (result i32) ;; label = @29
                                                              block (result i32) ;; label = @30
                                                                block (result i32) ;; label = @31
                                                                  block (result i32) ;; label = @32
                                                                    block (result i32) ;; label = @33
                                                                      block (result i32) ;; label = @34
                                                                        block (result i32) ;; label = @35
                                                                          i32.const 1
                                                                          local.get 5
                                                                          i32.const 114
                                                                          i32.rem_u
                                                                          br_table 18 (;@17;) 26 (;@9;) 0 (;@35;) 19 (;@16;) 22 (;@13;) 28 (;@7;) 13 (;@22;) 8 (;@27;) 20 (;@15;) 2 (;@33;) 33 (;@2;) 22 (;@13;) 15 (;@20;) 1 (;@34;) 9 (;@26;) 2 (;@33;) 7 (;@28;) 13 (;@22;) 3 (;@32;) 33 (;@2;) 14 (;@21;) 1 (;@34;) 33 (;@2;) 12 (;@23;) 28 (;@7;) 21 (;@14;) 10 (;@25;) 13 (;@22;) 29 (;@6;) 4 (;@31;) 21 (;@14;) 31 (;@4;) 29 (;@6;) 9 (;@26;) 23 (;@12;) 19 (;@16;) 2 (;@33;) 8 (;@27;) 20 (;@15;) 33 (;@2;) 26 (;@9;) 4 (;@31;) 4 (;@31;) 6 (;@29;) 9 (;@26;) 6 (;@29;) 20 (;@15;) 24 (;@11;) 23 (;@12;) 27 (;@8;) 26 (;@9;) 24 (;@11;) 31 (;@4;) 29 (;@6;) 11 (;@24;) 20 (;@15;) 27 (;@8;) 2 (;@33;) 29 (;@6;) 21 (;@14;) 15 (;@20;) 30 (;@5;) 27 (;@8;) 3 (;@32;) 9 (;@26;) 31 (;@4;) 31 (;@4;) 17 (;@18;) 1 (;@34;) 28 (;@7;) 11 (;@24;) 15 (;@20;) 5 (;@30;) 14 (;@21;) 33 (;@2;) 28 (;@7;) 22 (;@13;) 25 (;@10;) 10 (;@25;) 31 (;@4;) 5 (;@30;) 3 (;@32;) 19 (;@16;) 29 (;@6;) 13 (;@22;) 13 (;@22;) 23 (;@12;) 19 (;@16;) 20 (;@15;) 23 (;@12;) 5 (;@30;) 33 (;@2;) 8 (;@27;) 2 (;@33;) 18 (;@17;) 1 (;@34;) 19 (;@16;) 25 (;@10;) 10 (;@25;) 16 (;@19;) 16 (;@19;) 7 (;@28;) 27 (;@8;) 0 (;@35;) 21 (;@14;) 17 (;@18;) 13 (;@22;) 21 (;@14;) 3 (;@32;) 12 (;@23;) 11 (;@24;) 3 (;@32;) 30 (;@5;) 15 (;@20;)
                                                                        end
                                                                        global.set 1
                                                                        i32.const 26
                                                                      end
                                                                    end
                                                                  end
                                                                end
                                                                i32.const 641
                                                                i32.clz
                                                                local.get 3
                                                                local.tee 6
                                                                i32.const 7
                                                                i32.ne
                                                                br_if 27 (;@3;)
                                                                local.set 6
                                                              end
                                                              block (result i32) ;; label = @30
                                                                block (result i32) ;; label = @31
                                                                  block (result i32) ;; label = @32
                                                                    local.get 3
                                                                    global.get 1
                                                                    local.get 6
                                                                    select
                                                                    i32.const 32767
                                                                    i32.and
                                                                    i32.load8_s offset=7146
                                                                    i32.const 1
                                                                    i32.const 24
                                                                    i32.const 1
                                                                    i32.or
                                                                    i32.rem_u
                                                                    i32.const 3
                                                                    i32.rem_u
                                                                    br_table 1 (;@31;) 1 (;@31;) 2 (;@30;)
                                                                  end
                                                                end
                                                              end
                                                              i32.const 1655515929
                                                              i32.and
                                                              table.get 0
                                                              local.set 7
                                                            end
                                                          end
                                                        end
                                                      end
                                                    end
                                                  end
                                                end
                                              end
                                            end
                                          end
                                        end
                                      end
                                    end
                                  end
                                end
                              end
                            end
                          end
                        end
                      end
                    end
                  end
                end
              end
            end
          end
        end
      end
      loop (type 1) (param i32) (result i32) ;; label = @2
        global.set 1
        local.get 2
        local.set 8
        global.get 1
        local.get 4
        local.tee 4
        br_if 0 (;@2;)
      end
      i64.extend_i32_s
    else
      local.get 8
    end
    local.set 2
    block (result externref) ;; label = @1
      local.get 7
      local.get 1
      br_if 0 (;@1;)
      local.set 7
      local.get 9
    end
    f64.const 0x1.2a05f2p+33 (;=10000000000;)
    global.get 3
    global.get 2
    call 0
    local.set 7
    local.set 3
    local.get 2
    local.get 8
    i64.ge_u
    select (result externref)
    local.get 0
    f64.const 0x1.fffffep+127 (;=340282346638528860000000000000000000000;)
    f64.min
    i32.trunc_sat_f64_s
    ref.null extern
  )
)
